import { LightningElement, api, wire } from 'lwc';
import { NavigationMixin } from 'lightning/navigation';
import results from '@salesforce/apex/PatientTimelineController.results';
import patient from '@salesforce/apex/PatientTimelineController.patient';

export default class PatientTimeline extends NavigationMixin(LightningElement) {
    @api recordId;
    rows = [];
    patientName;
    mrn;

    @wire(results, { patientId: '$recordId', order: 'Collected_At__c DESC' })
    takeResults({ data, error }) {
        if (data) {
            this.rows = data;
            console.log('results', JSON.stringify(data));
        }
        if (error) {
            console.error(error);
        }
    }

    @wire(patient, { patientId: '$recordId' })
    takePatient({ data }) {
        if (data) {
            this.patientName = data.Name;
            this.mrn = data.MRN__c;
            document.title = data.Name + ' ' + data.MRN__c;
        }
    }

    openResult(event) {
        this[NavigationMixin.Navigate]({
            type: 'standard__recordPage',
            attributes: { recordId: event.target.dataset.id, actionName: 'view' }
        });
    }
}
