import { LightningElement, api, wire } from 'lwc';
import { NavigationMixin } from 'lightning/navigation';
import results from '@salesforce/apex/PatientTimelineController.results';
import patient from '@salesforce/apex/PatientTimelineController.patient';

export default class PatientTimeline extends NavigationMixin(LightningElement) {
    @api recordId;
    rows = [];
    patientName;

    @wire(results, { patientId: '$recordId' })
    takeResults({ data }) {
        if (data) {
            this.rows = data;
        }
    }

    @wire(patient, { patientId: '$recordId' })
    takePatient({ data }) {
        if (data) {
            this.patientName = data.Name;
        }
    }

    openResult(event) {
        this[NavigationMixin.Navigate]({
            type: 'standard__recordPage',
            attributes: { recordId: event.target.dataset.id, actionName: 'view' }
        });
    }
}
