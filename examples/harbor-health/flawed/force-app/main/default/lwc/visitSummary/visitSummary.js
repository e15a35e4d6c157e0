import { LightningElement, api, wire } from 'lwc';
import { getRecord, getFieldValue } from 'lightning/uiRecordApi';
import SUMMARY from '@salesforce/schema/ClinicalEncounter.Visit_Summary__c';

export default class VisitSummary extends LightningElement {
    @api recordId;

    @wire(getRecord, { recordId: '$recordId', fields: [SUMMARY] })
    takeRecord({ data }) {
        if (data) {
            this.template.querySelector('.summary').innerHTML = getFieldValue(data, SUMMARY);
        }
    }
}
